; lemma: 6 and what a trade loses is at most s times its turnover
; code: Portfolio.floorUp: y >= (1 - s) x, both at one price
; twin: (>= y (* (- 1 s) x)) ==> (>= y (* (- 1 (* 2 s)) x))
(declare-const n Real) (declare-const x Real) (declare-const y Real) (declare-const s Real)
(assert (and (> n 0) (> x 0) (>= s 0) (<= s 0.02)))
(assert (>= y (* (- 1 s) x)))
(assert (not (<= (/ (- x y) n) (* s (/ x n)))))
(check-sat)
