; lemma: 4 so in any window what passed is at most twice the size: the published figure
; code: Bucket.capacity is half of it
; twin: (<= time window) ==> (<= time (* 2 window))
(declare-const window Int) (declare-const size Int) (declare-const level Int) (declare-const first Int)
(declare-const passed Int) (declare-const time Int)
(assert (and (> window 0) (>= size 0) (>= first 0)))
(assert (and (<= 0 level) (<= level size)))
(assert (<= (* window (+ (- passed level) first)) (* size time)))
(assert (<= time window))
(assert (not (<= passed (* 2 size))))
(check-sat)
