import { inspect } from 'node:util';

const SHOWN = '[secret]';
/** Shorter ones are words that stand in any text: hiding them would hide everything. */
const SHORTEST = 8;

const known = new Set<string>();

/** From now on no log line and no shown error of this process holds the value; of a URL, its password neither. */
export function hideSecret(value: string): void {
  const password = URL.canParse(value) ? new URL(value).password : '';
  for (const text of [value, password, decoded(password)]) {
    if (text.length < SHORTEST) continue;
    known.add(text);
    // As it stands within JSON.
    known.add(JSON.stringify(text).slice(1, -1));
  }
}

/** The text with `[secret]` in the place of every secret that this process knows. */
export function withoutSecrets(text: string): string {
  let shown = text;
  for (const value of known) if (shown.includes(value)) shown = shown.replaceAll(value, SHOWN);
  return shown;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value that prints as `[secret]` wherever it is printed, serialised or joined; `reveal` is the one way to it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    hideSecret(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
