; lemma: 3 the floor in units of out: got * low(out) is at least what is kept of the value sold, in units of out
; code: Portfolio.floorUp, its last line; Envelope._swap asks got >= least (proved: check_3_ in Swaps.t.sol)
; twin: (>= got least) ==> (>= got (- least 1))
; least = ceil(wo / low), wo = w * one whole token of out, as the inequality that defines it
(declare-const got Int) (declare-const least Int) (declare-const low Int) (declare-const wo Int)
(assert (and (>= low 1) (>= wo 0)))
(assert (>= got least))
(assert (>= (* least low) wo))
(assert (not (>= (* got low) wo)))
(check-sat)
