// Every first-party plugin keeps every promise of its contract: the same kit that a stranger's plugin meets.
import type { Plugin } from '@falaj/contracts';
import artifactStoreFs from '@falaj/plugin-artifact-store-fs';
import keysLocal from '@falaj/plugin-keys-local';
import servingOnnx from '@falaj/plugin-serving-onnx';
import { type ConformanceOptions, conformance } from '@falaj/plugin-testing';
import trainerGbdt from '@falaj/plugin-trainer-gbdt';
import { describe, test } from 'vitest';

const subjects: readonly [string, Plugin, ConformanceOptions?][] = [
  ['artifact-store-fs', artifactStoreFs],
  ['keys-local', keysLocal],
  [
    'keys-local with a master from a secret',
    keysLocal,
    { config: { master: 'secret' }, secrets: { 'keys-local-master': 'a long enough secret' } },
  ],
  ['serving-onnx', servingOnnx],
  ['trainer-gbdt', trainerGbdt],
];

for (const [name, plugin, options] of subjects) {
  describe(name, () => {
    for (const each of conformance(plugin, options)) {
      test.skipIf(each.skip !== false)(`${each.id} ${each.title}`, each.run);
    }
  });
}
