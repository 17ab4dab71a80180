; lemma: 3 both together: got * low(out) >= spent * high(in) * (1 - slip), multiplied out by both units and by 10,000
; code: 03_floor_out and 03_floor_in; over the reals, so over the integers among them
; twin: (>= (* w 10000 in) kept) ==> (>= (* w 10000 in) (- kept 1))
; gl = got * low; kept = spent * high * keep
(declare-const gl Real) (declare-const w Real) (declare-const in Real) (declare-const out Real) (declare-const kept Real)
(assert (and (>= in 1) (>= out 1) (>= kept 0) (>= w 0) (>= gl 0)))
(assert (>= gl (* w out)))
(assert (>= (* w 10000 in) kept))
(assert (not (>= (* gl 10000 in) (* kept out))))
(check-sat-using qfnra-nlsat)
