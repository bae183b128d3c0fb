// Imported before everything else: graphql-js reads NODE_ENV once, when it loads, and outside of production checks every
// value against every kind of type, at 1.6 times the CPU. Those checks find a second copy of graphql; the install allows one.
process.env.NODE_ENV ??= 'production';
