; lemma: 4 at the first charge of a window nothing has passed
; code: Bucket
; twin: (= passed 0) ==> (= passed 1)
(declare-const window Int) (declare-const size Int) (declare-const level Int) (declare-const first Int)
(declare-const passed Int) (declare-const time Int)
(assert (and (> window 0) (>= size 0)))
(assert (= level first))
(assert (= passed 0))
(assert (= time 0))
(assert (not (<= (* window (+ (- passed level) first)) (* size time))))
(check-sat)
