; lemma: 16 and at most the spread below it
; code: as 16_range_above
; twin: (+ (* mid 10000) sd) ==> (* mid 10000)
; sl = spread * low, sd = spread * mid.
(declare-const low Int) (declare-const high Int) (declare-const mid Int) (declare-const voice Int)
(declare-const least Int) (declare-const sl Int) (declare-const sd Int)
(assert (and (>= low 1) (<= low mid) (<= mid high) (<= low voice) (<= voice high) (<= least voice)))
(assert (=> (<= low mid) (<= sl sd))) ; 03_monotone
(assert (<= (* (- high low) 10000) sl))
(assert (not (>= (+ (* mid 10000) sd) (* least 10000))))
(check-sat)
