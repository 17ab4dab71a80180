; lemma: 6 a trade of x at slip s lowers drift by at least (1 - 2s) times its turnover x / nav
; code: Portfolio.driftUp, Envelope._trade
; twin: (- 1 (* 2 s)) ==> 1
; distance d and nav n before, e and m after: e <= d - (1 - s) x by 06_trade, n - s x <= m <= n by the floor. Multiplied out.
(declare-const n Real) (declare-const m Real) (declare-const d Real) (declare-const e Real)
(declare-const x Real) (declare-const s Real)
(assert (and (> n 0) (>= d 0) (<= d n) (> x 0) (<= x d) (>= s 0) (<= s 0.02)))
(assert (and (<= (- n (* s x)) m) (<= m n)))
(assert (and (>= e 0) (<= e (- d (* (- 1 s) x)))))
(assert (not (<= (* e n) (* (- d (* (- 1 (* 2 s)) x)) m))))
(check-sat)
