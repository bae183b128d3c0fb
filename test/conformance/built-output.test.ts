// vitest runs the sources and forgives what real Node does not: a cycle of decorated classes, a missing extension,
// a file that the build left out. So every entry that a package promises is imported from its build by Node itself.
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entries = globSync(['gateway/package.json', '{packages,plugins,subgraphs}/*/package.json'], { cwd: root })
  .sort()
  .flatMap((manifest) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as {
      name: string;
      exports?: Record<string, { default: string }>;
    };
    return Object.entries(exports ?? {}).map(([path, target]) => ({
      specifier: name + path.slice(1),
      file: join(root, dirname(manifest), target.default),
    }));
  });

describe('real Node imports the build of', () => {
  it('more packages than one', () => expect(entries.length).toBeGreaterThan(20));

  it.each(entries)('$specifier', async ({ file }) => {
    expect(existsSync(file), `${file} is not built; run npm run build`).toBe(true);
    const program = `const m = await import(${JSON.stringify(pathToFileURL(file).href)}); process.stdout.write(String(Object.keys(m).length)); process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout).toMatch(/^\d+$/);
  });
});
