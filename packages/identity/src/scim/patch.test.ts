import { describe, expect, it } from 'vitest';
import { known, patched } from './patch.js';
import { groupShape, userOf, userShape } from './resource-types.js';

const user = {
  userName: 'amal',
  active: true,
  name: { givenName: 'Amal' },
  emails: [
    { type: 'work', value: 'w@x.org', primary: true },
    { type: 'home', value: 'h@x.org' },
  ],
};
const after = (...operations: object[]) => patched(user, { Operations: operations }, userShape);
const [work, home] = user.emails;

describe('a PATCH', () => {
  it.each([
    ['sets', { op: 'replace', path: 'ACTIVE', value: 'False' }, { active: 'False' }],
    [
      'sets without a path',
      { op: 'add', value: { DisplayName: 'A', 'name.familyName': 'H' } },
      { displayName: 'A', name: { givenName: 'Amal', familyName: 'H' } },
    ],
    [
      'merges what is complex',
      { op: 'replace', path: 'name', value: { familyname: 'H' } },
      { name: { givenName: 'Amal', familyName: 'H' } },
    ],
    ['takes a part', { op: 'Remove', path: 'name.givenName' }, { name: {} }],
    ['takes the whole', { op: 'remove', path: 'emails' }, { emails: [] }],
    [
      'replaces a list',
      { op: 'replace', path: 'emails', value: [{ value: 'n@x.org' }] },
      { emails: [{ value: 'n@x.org' }] },
    ],
    [
      'adds to a list, once',
      { op: 'add', path: 'emails', value: { value: 'h@x.org', type: 'other' } },
      { emails: [work, { value: 'h@x.org', type: 'other' }] },
    ],
    [
      'changes one of a list',
      { op: 'replace', path: 'emails[type eq "HOME"].value', value: 'n@x.org' },
      { emails: [work, { type: 'home', value: 'n@x.org' }] },
    ],
    [
      'makes one of a list that is not there',
      { op: 'add', path: 'emails[type eq "other" and primary eq false].value', value: 'n@x.org' },
      { emails: [work, home, { type: 'other', primary: false, value: 'n@x.org' }] },
    ],
    ['takes one of a list', { op: 'remove', path: 'emails[not (type eq "work")]' }, { emails: [work] }],
    [
      'takes a part of one',
      { op: 'remove', path: 'emails[primary pr].primary' },
      { emails: [{ type: 'work', value: 'w@x.org' }, home] },
    ],
    ['takes by value', { op: 'remove', path: 'emails', value: [{ value: 'w@x.org' }] }, { emails: [home] }],
    [
      'keeps nothing that it does not know',
      { op: 'add', value: { title: 'x', 'urn:x:User': { active: false }, constructor: 2 } },
      {},
    ],
  ])('%s', (_, operation, changed) => {
    const before = structuredClone(user);
    expect(after(operation)).toEqual({ ...user, ...changed });
    expect(user).toEqual(before);
  });

  it.each([
    ['invalidSyntax', {}],
    ['invalidSyntax', { Operations: [] }],
    ['invalidSyntax', { Operations: [{ op: 'move', path: 'active', value: 1 }] }],
    ['noTarget', { Operations: [{ op: 'remove' }] }],
    ['invalidValue', { Operations: [{ op: 'add', value: 'x' }] }],
    ['invalidValue', { Operations: [{ op: 'add', path: 'name', value: 'x' }] }],
    ['invalidPath', { Operations: [{ op: 'add', path: 'active[value eq 1]', value: 'x' }] }],
    ['invalidPath', { Operations: [{ op: 'remove', path: 'emails[value co "x"]' }] }],
  ])('is refused with %s: %j', (scimType, body) => {
    expect(() => patched(user, body, userShape)).toThrowError(expect.objectContaining({ details: { scimType } }));
  });

  it('leaves members that it does not name', () => {
    const members = ['a', 'b', 'c'].map((value) => ({ value }));
    const body = {
      Operations: [
        { op: 'remove', path: 'members[value eq "b"]' },
        { op: 'Add', path: 'members', value: [{ value: 'd', display: 'D' }] },
      ],
    };
    expect(patched({ displayName: 'g', members }, body, groupShape).members).toEqual([
      { value: 'a' },
      { value: 'c' },
      { value: 'd' },
    ]);
  });
});

it('the name and the address of a person are the best that the directory gave', () => {
  const of = (given: object) => userOf(known({ userName: 'u', ...given }, userShape));
  expect(of({})).toMatchObject({ name: 'u', email: null, active: true });
  expect(of({ NAME: { givenname: 'Amal', FamilyName: 'H' }, Active: 'FALSE' })).toMatchObject({
    name: 'Amal H',
    active: false,
  });
  expect(of({ displayName: 'D', name: { formatted: 'F' } }).name).toBe('D');
  const emails = [{ value: 'a@x.org' }, { value: 'w@x.org', type: 'work' }, { value: 'p@x.org', primary: 'True' }];
  expect(of({ emails }).email).toBe('p@x.org');
  expect(of({ emails: emails.slice(0, 2) }).email).toBe('w@x.org');
});
