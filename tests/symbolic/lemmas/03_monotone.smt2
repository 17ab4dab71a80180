; lemma: 3 multiplying an inequality by what is not negative keeps it
; code: none; the step by which the others multiply
; twin: (>= k 0) ==> (>= k (- 1))
(declare-const x Int) (declare-const y Int) (declare-const k Int)
(assert (>= x y))
(assert (>= k 0))
(assert (not (>= (* x k) (* y k))))
(check-sat)
