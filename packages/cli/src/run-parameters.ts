// Parameters of a pipeline's run from `name=value` on a command line.

/** Values by their declared types; a text stays as it is written, all else is JSON. The platform judges the rest. */
export function runParameters(
  declared: readonly { readonly name: string; readonly type: string }[],
  told: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    told.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new Error(`--param: expected name=value, found "${text}".`);
      const name = text.slice(0, at);
      const value = text.slice(at + 1);
      const type = declared.find((parameter) => parameter.name === name)?.type ?? 'STRING';
      if (type === 'STRING') return [name, value];
      try {
        return [name, JSON.parse(value) as unknown];
      } catch {
        throw new Error(`--param ${name}: expected ${type} as JSON, found "${value}".`);
      }
    }),
  );
}
