;; Digests the rows of COPY text: MurmurHash3_x64_128 with seed 1 (Austin Appleby's MurmurHash3.cpp,
;; public domain) of each row without its newline, summed up word by word. Here and not in JavaScript,
;; because a call into node:crypto for each row takes longer than the hashing, and 64-bit products are
;; what JavaScript lacks. With seed 0 an empty row would add nothing.
;;
;; murmur3-rows.ts fills in the state and a piece of text, calls `update`, and takes the state out:
;;    0  the bytes of the row under way that do not fill a block of 16 yet, then nothing of meaning
;;   16  h1, 24  h2, of the row under way: the seed where none has begun
;;   32  length in bytes of the row under way
;;   40  the sum of all first words, 48  of all second words, of the rows that have ended
;;   56  how many rows have ended
;;   64  text, at most 131,072 bytes; loads may run up to 16 bytes beyond it
(module
  (memory (export "memory") 3)

  (global $h1 (mut i64) (i64.const 0))
  (global $h2 (mut i64) (i64.const 0))
  (global $length (mut i64) (i64.const 0))

  (func $mix1 (param $k i64) (result i64)
    (i64.mul
      (i64.rotl (i64.mul (local.get $k) (i64.const 0x87c37b91114253d5)) (i64.const 31))
      (i64.const 0x4cf5ad432745937f)))

  (func $mix2 (param $k i64) (result i64)
    (i64.mul
      (i64.rotl (i64.mul (local.get $k) (i64.const 0x4cf5ad432745937f)) (i64.const 33))
      (i64.const 0x87c37b91114253d5)))

  (func $fmix (param $k i64) (result i64)
    (local.set $k (i64.mul
      (i64.xor (local.get $k) (i64.shr_u (local.get $k) (i64.const 33)))
      (i64.const 0xff51afd7ed558ccd)))
    (local.set $k (i64.mul
      (i64.xor (local.get $k) (i64.shr_u (local.get $k) (i64.const 33)))
      (i64.const 0xc4ceb9fe1a85ec53)))
    (i64.xor (local.get $k) (i64.shr_u (local.get $k) (i64.const 33))))

  ;; Takes in the blocks of 16 bytes from $at on, before $end.
  (func $blocks (param $at i32) (param $end i32)
    (local $h1 i64) (local $h2 i64)
    (local.set $h1 (global.get $h1))
    (local.set $h2 (global.get $h2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $h1 (i64.xor (local.get $h1) (call $mix1 (i64.load align=1 (local.get $at)))))
        (local.set $h1 (i64.add (i64.rotl (local.get $h1) (i64.const 27)) (local.get $h2)))
        (local.set $h1 (i64.add (i64.mul (local.get $h1) (i64.const 5)) (i64.const 0x52dce729)))
        (local.set $h2 (i64.xor (local.get $h2) (call $mix2 (i64.load offset=8 align=1 (local.get $at)))))
        (local.set $h2 (i64.add (i64.rotl (local.get $h2) (i64.const 31)) (local.get $h1)))
        (local.set $h2 (i64.add (i64.mul (local.get $h2) (i64.const 5)) (i64.const 0x38495ab5)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (global.set $h1 (local.get $h1))
    (global.set $h2 (local.get $h2)))

  ;; The $size lowest bytes (0 to 8) of a word, the others zero.
  (func $lowest (param $word i64) (param $size i32) (result i64)
    (if (result i64) (i32.ge_u (local.get $size) (i32.const 8))
      (then (local.get $word))
      (else (i64.and
        (local.get $word)
        (i64.sub
          (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $size) (i32.const 3))))
          (i64.const 1))))))

  ;; Ends a row whose last $size bytes (0 to 15), those that fill no block, lie at $at.
  (func $end_row (param $at i32) (param $size i32)
    (local $h1 i64) (local $h2 i64)
    (local.set $h2 (i64.xor (global.get $h2) (global.get $length)))
    (if (i32.gt_u (local.get $size) (i32.const 8))
      (then (local.set $h2 (i64.xor
        (local.get $h2)
        (call $mix2 (call $lowest
          (i64.load offset=8 align=1 (local.get $at))
          (i32.sub (local.get $size) (i32.const 8))))))))
    (local.set $h1 (i64.xor
      (i64.xor (global.get $h1) (global.get $length))
      (call $mix1 (call $lowest (i64.load align=1 (local.get $at)) (local.get $size)))))
    (local.set $h1 (i64.add (local.get $h1) (local.get $h2)))
    (local.set $h2 (i64.add (local.get $h2) (local.get $h1)))
    (local.set $h1 (call $fmix (local.get $h1)))
    (local.set $h2 (call $fmix (local.get $h2)))
    (local.set $h1 (i64.add (local.get $h1) (local.get $h2)))
    (local.set $h2 (i64.add (local.get $h2) (local.get $h1)))
    (i64.store (i32.const 40) (i64.add (i64.load (i32.const 40)) (local.get $h1)))
    (i64.store (i32.const 48) (i64.add (i64.load (i32.const 48)) (local.get $h2)))
    (i64.store (i32.const 56) (i64.add (i64.load (i32.const 56)) (i64.const 1)))
    (global.set $h1 (i64.const 1))
    (global.set $h2 (i64.const 1))
    (global.set $length (i64.const 0)))

  ;; Takes in a part of a row, and ends the row if asked to.
  (func $part (param $at i32) (param $size i32) (param $last i32)
    (local $kept i32) (local $fill i32) (local $whole i32)
    (local.set $kept (i32.and (i32.wrap_i64 (global.get $length)) (i32.const 15)))
    (global.set $length (i64.add (global.get $length) (i64.extend_i32_u (local.get $size))))
    (if (local.get $kept)
      (then
        (local.set $fill (i32.sub (i32.const 16) (local.get $kept)))
        (if (i32.lt_u (local.get $size) (local.get $fill))
          (then (local.set $fill (local.get $size))))
        (memory.copy (local.get $kept) (local.get $at) (local.get $fill))
        (local.set $at (i32.add (local.get $at) (local.get $fill)))
        (local.set $size (i32.sub (local.get $size) (local.get $fill)))
        (local.set $kept (i32.add (local.get $kept) (local.get $fill)))
        (if (i32.lt_u (local.get $kept) (i32.const 16))
          (then
            (if (local.get $last) (then (call $end_row (i32.const 0) (local.get $kept))))
            (return)))
        (call $blocks (i32.const 0) (i32.const 16))))
    (local.set $whole (i32.and (local.get $size) (i32.const -16)))
    (call $blocks (local.get $at) (i32.add (local.get $at) (local.get $whole)))
    (local.set $at (i32.add (local.get $at) (local.get $whole)))
    (local.set $size (i32.sub (local.get $size) (local.get $whole)))
    (if (local.get $last)
      (then (call $end_row (local.get $at) (local.get $size)))
      (else (memory.copy (i32.const 0) (local.get $at) (local.get $size)))))

  ;; Where the first newline lies from $at on, or $end.
  (func $newline (param $at i32) (param $end i32) (result i32)
    (local $hits i32)
    (block $found
      (loop $next
        (br_if $found (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $hits (i8x16.bitmask (i8x16.eq
          (v128.load align=1 (local.get $at))
          (i8x16.splat (i32.const 10)))))
        (if (local.get $hits)
          (then
            (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $hits))))
            (br $found)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (select (local.get $at) (local.get $end) (i32.lt_u (local.get $at) (local.get $end))))

  (func (export "update") (param $size i32)
    (local $at i32) (local $end i32) (local $stop i32)
    (global.set $h1 (i64.load (i32.const 16)))
    (global.set $h2 (i64.load (i32.const 24)))
    (global.set $length (i64.load (i32.const 32)))
    (local.set $at (i32.const 64))
    (local.set $end (i32.add (i32.const 64) (local.get $size)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $stop (call $newline (local.get $at) (local.get $end)))
        (call $part
          (local.get $at)
          (i32.sub (local.get $stop) (local.get $at))
          (i32.lt_u (local.get $stop) (local.get $end)))
        (local.set $at (i32.add (local.get $stop) (i32.const 1)))
        (br $next)))
    (i64.store (i32.const 16) (global.get $h1))
    (i64.store (i32.const 24) (global.get $h2))
    (i64.store (i32.const 32) (global.get $length))))
