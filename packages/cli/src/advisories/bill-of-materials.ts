// What a CycloneDX bill of materials holds of npm packages.
import { readFile } from 'node:fs/promises';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
}

interface Component {
  readonly purl?: string | undefined;
  readonly components?: readonly Component[] | undefined;
}
const component: z.ZodType<Component> = z.object({
  purl: z.string().optional(),
  get components() {
    return z.array(component).optional();
  },
});
const bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: component.optional() }).optional(),
  components: z.array(component).optional(),
});

/** A package URL of npm; undefined for any other (https://github.com/package-url/purl-spec). */
export function npmPackageOf(purl: string): NpmPackage | undefined {
  const [, name, version] = /^pkg:npm\/([^@?#]+)@([^?#]+)/i.exec(purl) ?? [];
  return name && version ? { name: decodeURIComponent(name), version: decodeURIComponent(version) } : undefined;
}

/** Every npm package in it, itself included, each once. Throws BAD_USER_INPUT for a file that is none. */
export async function packagesIn(file: string): Promise<NpmPackage[]> {
  let parsed: z.output<typeof bill>;
  try {
    parsed = bill.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `${file} is no CycloneDX bill of materials; \`npm run sbom\` writes them.`,
      {
        cause,
      },
    );
  }
  const found = new Map<string, NpmPackage>();
  const walk = ({ purl, components }: Component): void => {
    const one = purl ? npmPackageOf(purl) : undefined;
    if (one) found.set(`${one.name}@${one.version}`, one);
    components?.forEach(walk);
  };
  walk({
    components: [...(parsed.metadata?.component ? [parsed.metadata.component] : []), ...(parsed.components ?? [])],
  });
  return [...found.values()];
}
