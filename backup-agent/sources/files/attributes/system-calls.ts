import { getSystemErrorName } from 'node:util';
import type { LibraryHandle } from 'koffi';
import { errorCode } from '../system-errors.ts';

/**
 * What the system's C library can do for files and Node has no function for. A path is without its
 * final zero byte, and a link in its last part is never followed. Errors have the system's code.
 */
export interface SystemCalls {
  /** Names of extended attributes, each ended by a zero byte; good until the next call. */
  listAttributes(file: FileReference): Buffer;
  /** Good until the next call. */
  getAttribute(file: FileReference, name: Buffer): Buffer;
  setAttribute(file: FileReference, name: Buffer, value: Buffer): void;
  /** Sets the times of access and of modification, exactly. */
  setTime(file: FileReference, timeNs: bigint): void;
}

/** An open file, or a path. */
export type FileReference = number | Buffer;

/** Linux's limit for a value, and for the names of a file together (xattr(7)). */
export const largestAttributeBytes = 65_536;

const second = 1_000_000_000n;
const zero = Buffer.of(0);
const nothing = Buffer.alloc(0);

type Native = (...args: readonly (number | Buffer)[]) => number;

/** Functions of one name take a path, those with `f` an open file. */
interface Functions {
  readonly list: Native;
  readonly flist: Native;
  readonly get: Native;
  readonly fget: Native;
  readonly set: Native;
  readonly fset: Native;
  readonly utimensat: Native;
  readonly futimens: Native;
}

/** Further arguments, where a platform has any. */
interface Platform {
  readonly functions: Functions;
  readonly currentDirectory: number;
  readonly noFollow: number;
  /** macOS: the position in a resource fork, and options, which say not to follow links. */
  readonly listOptions: (byPath: boolean) => readonly number[];
  readonly valueOptions: (byPath: boolean) => readonly number[];
}

let loaded: Promise<SystemCalls | undefined> | undefined;

/** Undefined where the library cannot be called; it is loaded once, by whoever asks first. */
export function loadSystemCalls(): Promise<SystemCalls | undefined> {
  return (loaded ??= load());
}

async function load(): Promise<SystemCalls | undefined> {
  const is64Bit = ['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch);
  if (!is64Bit) return undefined;
  try {
    const { default: koffi } = await import('koffi');
    // Of the process itself: the C library that Node runs on.
    const platform = platformOf(koffi.load(null));
    return platform && bind(platform, () => koffi.errno());
  } catch {
    // A platform without a binary, or one that does not let foreign code be called.
    return undefined;
  }
}

function platformOf(library: LibraryHandle): Platform | undefined {
  const native = (name: string, types: readonly string[], result = 'int') =>
    // The types just named are the contract.
    library.func(name, result, [...types]) as unknown as Native;
  const times = {
    utimensat: native('utimensat', ['int', 'void *', 'void *', 'int']),
    futimens: native('futimens', ['int', 'void *']),
  };
  const file = { path: 'void *', fd: 'int' };
  if (process.platform === 'linux') {
    const list = (of: string) => [of, 'void *', 'uintptr_t'];
    const get = (of: string) => [of, 'void *', 'void *', 'uintptr_t'];
    const set = (of: string) => [of, 'void *', 'void *', 'uintptr_t', 'int'];
    return {
      functions: {
        list: native('llistxattr', list(file.path), 'intptr_t'),
        flist: native('flistxattr', list(file.fd), 'intptr_t'),
        get: native('lgetxattr', get(file.path), 'intptr_t'),
        fget: native('fgetxattr', get(file.fd), 'intptr_t'),
        set: native('lsetxattr', set(file.path)),
        fset: native('fsetxattr', set(file.fd)),
        ...times,
      },
      currentDirectory: -100,
      noFollow: 0x100,
      listOptions: () => [],
      valueOptions: () => [],
    };
  }
  if (process.platform !== 'darwin') return undefined;
  const list = (of: string) => [of, 'void *', 'uintptr_t', 'int'];
  const value = (of: string) => [of, 'void *', 'void *', 'uintptr_t', 'uint32_t', 'int'];
  const noFollow = 1;
  return {
    functions: {
      list: native('listxattr', list(file.path), 'intptr_t'),
      flist: native('flistxattr', list(file.fd), 'intptr_t'),
      get: native('getxattr', value(file.path), 'intptr_t'),
      fget: native('fgetxattr', value(file.fd), 'intptr_t'),
      set: native('setxattr', value(file.path)),
      fset: native('fsetxattr', value(file.fd)),
      ...times,
    },
    currentDirectory: -2,
    noFollow: 0x20,
    listOptions: (byPath) => [byPath ? noFollow : 0],
    valueOptions: (byPath) => [0, byPath ? noFollow : 0],
  };
}

function bind(platform: Platform, errno: () => number): SystemCalls {
  const { functions, listOptions, valueOptions, currentDirectory, noFollow } = platform;
  const room = Buffer.allocUnsafeSlow(largestAttributeBytes);
  const checked = (syscall: string, result: number): number => {
    if (result >= 0) return result;
    const code = getSystemErrorName(-errno());
    throw Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
  };
  const setOptions = (byPath: boolean) =>
    process.platform === 'linux' ? [0] : valueOptions(byPath);
  return {
    listAttributes: (file) => {
      const of = withZero(file);
      const call = typeof of === 'number' ? functions.flist : functions.list;
      const bytes = call(of, room, room.length, ...listOptions(typeof of !== 'number'));
      // Most files have none.
      if (bytes === 0) return nothing;
      return room.subarray(0, checked('listxattr', bytes));
    },
    getAttribute: (file, name) => {
      const of = withZero(file);
      const call = typeof of === 'number' ? functions.fget : functions.get;
      const options = valueOptions(typeof of !== 'number');
      const bytes = call(of, withZero(name), room, room.length, ...options);
      return room.subarray(0, checked('getxattr', bytes));
    },
    setAttribute: (file, name, value) => {
      const of = withZero(file);
      const call = typeof of === 'number' ? functions.fset : functions.set;
      const options = setOptions(typeof of !== 'number');
      checked('setxattr', call(of, withZero(name), value, value.length, ...options));
    },
    setTime: (file, timeNs) => {
      const of = withZero(file);
      const times = timespecs(timeNs);
      const result =
        typeof of === 'number'
          ? functions.futimens(of, times)
          : functions.utimensat(currentDirectory, of, times, noFollow);
      checked('utimensat', result);
    },
  };
}

function withZero(file: Buffer): Buffer;
function withZero(file: FileReference): FileReference;
function withZero(file: FileReference): FileReference {
  return typeof file === 'number' ? file : Buffer.concat([file, zero]);
}

/** Two `struct timespec` of a 64-bit system; nanoseconds count up from the second below. */
function timespecs(timeNs: bigint): Buffer {
  const nanoseconds = ((timeNs % second) + second) % second;
  const bytes = Buffer.alloc(32);
  for (const at of [0, 16]) {
    bytes.writeBigInt64LE((timeNs - nanoseconds) / second, at);
    bytes.writeBigInt64LE(nanoseconds, at + 8);
  }
  return bytes;
}

/** Whether the file system, or this kind of file, has no such attributes at all. */
export function hasNoAttributes(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
}
