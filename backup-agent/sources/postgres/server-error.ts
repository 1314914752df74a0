import { HoldfastError } from '../../errors/holdfast-error.ts';
import { isDatabaseError } from './changes/database-error.ts';
import type { ConnectionTarget } from './connection-target.ts';

type Place = Pick<ConnectionTarget, 'host' | 'port' | 'user' | 'database'>;

/** Invalid authorization, insufficient privilege: classes of SQLSTATE, PostgreSQL's appendix A. */
const denied = /^(28...|42501)$/;
/** Connection exceptions, and the server going down, starting up or having no slot left. */
const away = /^(08...|57P0[123]|53300)$/;
/** `invalid_catalog_name`. */
const noDatabase = '3D000';
/** `protocol_violation`: under this PgBouncer passes the server's words on. */
const pooled = '08P01';

/** Whether the server, or a pooler before it, says that there is no such database. */
export function saysNoDatabase(error: unknown): boolean {
  if (!isDatabaseError(error)) return false;
  if (error.code === noDatabase) return true;
  return error.code === pooled && /^database .* does not exist$/s.test(error.message);
}

/** A failure to connect, in the agent's words; never with a password. */
export function connectionFailure(error: unknown, place: Place): unknown {
  if (error instanceof HoldfastError) return error;
  const where = `${place.user}@${place.host}:${place.port}/${place.database}`;
  const reason = error instanceof Error ? error.message : String(error);
  if (saysNoDatabase(error))
    return new HoldfastError('source-denied', `${where}: ${reason}`, {
      cause: error,
      hint: 'name a database that is there, or make it',
    });
  if (isDatabaseError(error) && denied.test(error.code))
    return new HoldfastError('source-denied', `${where}: ${reason}`, { cause: error });
  return new HoldfastError('source-unreachable', `${where}: ${reason || 'no answer'}`, {
    cause: error,
  });
}

/**
 * An error of the driver as an expected failure, with the server's own words; anything else as it
 * is. After an abort, the abort's reason, because the server's answer is only its echo.
 */
export function serverFailure(error: unknown, what: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof HoldfastError) return error;
  const reason = error instanceof Error ? error.message : '';
  const options = { cause: error };
  if (isDatabaseError(error)) {
    if (denied.test(error.code))
      return new HoldfastError('source-denied', `${what}: ${reason}`, options);
    if (away.test(error.code))
      return new HoldfastError('source-unreachable', `${what}: ${reason}`, options);
    return new HoldfastError('source-refused', `${what}: ${reason} (${error.code})`, options);
  }
  if (/Connection terminated|ECONNRESET|EPIPE|not queryable|connection error/i.test(reason))
    return new HoldfastError('source-unreachable', `${what}: ${reason}`, options);
  return error;
}
