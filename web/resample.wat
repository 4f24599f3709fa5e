;; The inner loop of resample.js, four numbers at a time. After a change: `npx wat2wasm` of the npm
;; package wabt, and the bytes in Base64 to MACHINE in resample.js.
(module
  (memory (import "page" "memory") 1)
  ;; Each of `count` results is the sum of `taps` samples from `near` on, weighted by the row `phase`
  ;; of `table`; from one to the next it goes `down` parts of a sample further, of which `up` make one.
  (func (export "filter")
    (param $near i32) (param $table i32) (param $out i32) (param $count i32)
    (param $phase i32) (param $up i32) (param $down i32) (param $taps i32)
    (local $a v128) (local $b v128) (local $x i32) (local $w i32) (local $end i32)
    (loop $each
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $x (local.get $near))
      (local.set $w (i32.add (local.get $table)
        (i32.mul (local.get $phase) (i32.shl (local.get $taps) (i32.const 2)))))
      (local.set $end (i32.add (local.get $w) (i32.shl (local.get $taps) (i32.const 2))))
      (loop $sum
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul
          (v128.load (local.get $x)) (v128.load (local.get $w)))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul
          (v128.load offset=16 (local.get $x)) (v128.load offset=16 (local.get $w)))))
        (local.set $x (i32.add (local.get $x) (i32.const 32)))
        (local.set $w (i32.add (local.get $w) (i32.const 32)))
        (br_if $sum (i32.lt_u (local.get $w) (local.get $end))))
      (local.set $a (f32x4.add (local.get $a) (local.get $b)))
      (f32.store (local.get $out) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
        (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a)))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $phase (i32.add (local.get $phase) (local.get $down)))
      (local.set $near (i32.add (local.get $near)
        (i32.shl (i32.div_u (local.get $phase) (local.get $up)) (i32.const 2))))
      (local.set $phase (i32.rem_u (local.get $phase) (local.get $up)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $each (local.get $count)))))
