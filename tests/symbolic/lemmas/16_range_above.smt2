; lemma: 16 a cluster within the spread that holds an honest voice is at most the spread above the honest range
; code: ClusterMath.within; that the cluster holds an honest voice is proved on the oracle itself (check_16_ in Honest.t.sol)
; twin: (+ (* most 10000) sm) ==> (* most 10000)
; Honest prices lie in [least, most]; `voice` is one of them, inside the cluster. sl = spread * low, sm = spread * most.
(declare-const low Int) (declare-const high Int) (declare-const mid Int) (declare-const voice Int)
(declare-const most Int) (declare-const sl Int) (declare-const sm Int)
(assert (and (>= low 1) (<= low mid) (<= mid high) (<= low voice) (<= voice high) (<= voice most)))
(assert (=> (<= low most) (<= sl sm))) ; 03_monotone
(assert (<= (* (- high low) 10000) sl))
(assert (not (<= (* mid 10000) (+ (* most 10000) sm))))
(check-sat)
