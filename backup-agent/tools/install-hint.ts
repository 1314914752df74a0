/** How PostgreSQL's programs get onto a machine of this platform. */
export function installHint(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'install it: `brew install postgresql@18`';
  if (platform === 'win32') return 'run Holdfast in WSL 2; PostgreSQL for Windows is not supported';
  return (
    'install it: `apt-get install postgresql postgresql-client` (Debian, Ubuntu), ' +
    '`dnf install postgresql-server postgresql` (Fedora, RHEL) or ' +
    '`apk add postgresql postgresql-client` (Alpine); newer versions: https://www.postgresql.org/download/'
  );
}
