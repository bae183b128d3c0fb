// A program whose operator did not let it ask: it says which credentials it found.
process.stderr.write(
  `found: ${
    Object.keys(process.env)
      .filter((name) => /TOKEN|URL/.test(name))
      .join() || 'nothing'
  }`,
);
process.exit(2);
