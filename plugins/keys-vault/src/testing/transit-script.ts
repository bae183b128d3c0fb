// One conversation with a Transit server, as the plugin could have it, and what of the answers the plugin relies on.
export interface Step {
  readonly step: string;
  readonly status: number;
  /** Sorted, of `data`. */
  readonly members: readonly string[];
  readonly problem: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

interface Said {
  readonly ciphertext?: string;
  readonly plaintext?: string;
  readonly type?: string;
  readonly derived?: boolean;
  readonly exportable?: boolean;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly latest_version?: number;
  readonly min_decryption_version?: number;
}

/** Members of `data` that the plugin reads. */
const READ = new Set([
  'ciphertext',
  'derived',
  'exportable',
  'keys',
  'latest_version',
  'min_decryption_version',
  'plaintext',
  'type',
]);

export async function converse(url: string, token: string, name: string): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const say = async (step: string, method: string, path: string, body?: object, as = token): Promise<Said> => {
    const response = await fetch(`${url}/v1/transit/${path}`, {
      method,
      headers: { 'x-vault-token': as },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { data = null, errors = [] } = text === '' ? {} : JSON.parse(text);
    const keys = (data?.keys ?? {}) as Record<string, unknown>;
    steps.push({
      step,
      status: response.status,
      members: Object.keys(data ?? {})
        .filter((member) => READ.has(member))
        .sort(),
      problem: (errors as string[]).join('; ').replaceAll(name, 'NAME'),
      facts: {
        ...(data?.type === undefined ? {} : { type: data.type, derived: data.derived, exportable: data.exportable }),
        ...(data?.keys === undefined
          ? {}
          : {
              versions: Object.keys(keys),
              seconds: Object.values(keys).every((at) => Math.abs(Number(at) * 1000 - Date.now()) < 600_000),
            }),
        ...(data?.latest_version === undefined
          ? {}
          : { latest: data.latest_version, oldest: data.min_decryption_version }),
        ...(data?.ciphertext === undefined
          ? {}
          : {
              prefix: /^vault:v\d+:/.exec(data.ciphertext)?.[0],
              bytes: Buffer.from(data.ciphertext.split(':')[2], 'base64').length,
            }),
        ...(data?.plaintext === undefined ? {} : { plaintext: data.plaintext }),
      },
    });
    return data;
  };
  const plaintext = Buffer.alloc(32, 7).toString('base64');
  const context = Buffer.from('zone=AE').toString('base64');
  const other = Buffer.from('zone=US').toString('base64');
  const create = { type: 'aes256-gcm96', derived: true, exportable: false, allow_plaintext_backup: false };

  await say('read what is not there', 'GET', `keys/${name}`);
  await say('decrypt with what is not there', 'POST', `decrypt/${name}`, { ciphertext: 'vault:v1:AAAA', context });
  await say('create', 'POST', `keys/${name}`, create);
  await say('create again', 'POST', `keys/${name}`, create);
  await say('read in another case', 'GET', `keys/${name.toUpperCase()}`);
  const { ciphertext } = await say('encrypt', 'POST', `encrypt/${name}`, { plaintext, context });
  await say('decrypt', 'POST', `decrypt/${name}`, { ciphertext, context });
  await say('decrypt in another context', 'POST', `decrypt/${name}`, { ciphertext, context: other });
  await say('decrypt nothing', 'POST', `decrypt/${name}`, { ciphertext: 'vault:v1:', context });
  await say('decrypt what is short', 'POST', `decrypt/${name}`, { ciphertext: 'vault:v1:AAAA', context });
  await say('decrypt of a version to come', 'POST', `decrypt/${name}`, { ciphertext: 'vault:v9:AAAA', context });
  await say('rotate', 'POST', `keys/${name}/rotate`, {});
  await say('rewrap in another context', 'POST', `rewrap/${name}`, { ciphertext, context: other });
  const moved = await say('rewrap', 'POST', `rewrap/${name}`, { ciphertext, context });
  await say('decrypt what was rewrapped', 'POST', `decrypt/${name}`, { ciphertext: moved.ciphertext, context });
  await say('retire', 'POST', `keys/${name}/config`, { min_decryption_version: 2 });
  await say('decrypt of a retired version', 'POST', `decrypt/${name}`, { ciphertext, context });
  await say('delete what may not be', 'DELETE', `keys/${name}`);
  await say('allow the deletion', 'POST', `keys/${name}/config`, { deletion_allowed: true });
  await say('delete', 'DELETE', `keys/${name}`);
  await say('delete again', 'DELETE', `keys/${name}`);
  await say('encrypt makes a key', 'POST', `encrypt/${name}`, { plaintext, context });
  await say('which is derived', 'GET', `keys/${name}`);
  await say('a token that is none', 'GET', `keys/${name}`, undefined, 'none');
  return steps;
}
