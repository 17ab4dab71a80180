; lemma: 6 |value - goal| grows by no more than the goal moves; so a retarget raises drift by no more than its shift
; code: Portfolio.driftUp
; twin: (+ (dist (- v g)) (dist (- g h))) ==> (dist (- v g))
(declare-const v Real) (declare-const g Real) (declare-const h Real)
(define-fun dist ((a Real)) Real (ite (>= a 0) a (- a)))
(assert (not (<= (dist (- v h)) (+ (dist (- v g)) (dist (- g h))))))
(check-sat)
