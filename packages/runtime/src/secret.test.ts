import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { hideSecret, Secret, withoutSecrets } from './secret.js';

test('a secret prints as [secret] in every way, and is there for who asks', () => {
  const secret = new Secret('correct horse');
  const config = { secret, nested: [secret] };
  for (const text of [
    `${secret}`,
    String(secret),
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true }),
    inspect(new Map([['a', secret]])),
    Object.values(secret).join(),
  ]) {
    expect(text).not.toContain('correct horse');
  }
  expect(JSON.stringify(config)).toBe('{"secret":"[secret]","nested":["[secret]"]}');
  expect(secret.reveal()).toBe('correct horse');
});

test('texts lose every known secret: as it is, within JSON, and the password of an address', () => {
  hideSecret('with "quotes" and \\');
  hideSecret('postgres://falaj:p%40ssword-9@db.example/falaj');
  hideSecret('short');
  expect(withoutSecrets('a with "quotes" and \\ b')).toBe('a [secret] b');
  expect(withoutSecrets(JSON.stringify({ a: 'with "quotes" and \\' }))).toBe('{"a":"[secret]"}');
  expect(withoutSecrets('password p@ssword-9 or p%40ssword-9')).toBe('password [secret] or [secret]');
  expect(withoutSecrets('to postgres://falaj:p%40ssword-9@db.example/falaj')).toBe('to [secret]');
  expect(withoutSecrets('a short text')).toBe('a short text');
});
