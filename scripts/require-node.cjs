'use strict';

// Written for any Node there is: an older one must say what is wrong, not stumble over TypeScript.
var wanted = 26;
if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    'error: holdfast needs Node ' +
      wanted +
      ' or newer, this is ' +
      process.version +
      '; run `npm ci` without --omit=optional, which brings it\n',
  );
  process.exit(4);
}
