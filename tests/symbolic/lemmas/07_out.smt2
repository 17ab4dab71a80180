; lemma: 7 what is bought stays at or below its goal, by value sent
; code: Envelope._clamp, Portfolio.amountDown
; twin: (<= most lack) ==> (<= most (+ lack 1))
(declare-const price Int) (declare-const unit Int) (declare-const goal Int)
(declare-const value Int) (declare-const most Int) (declare-const amount Int)
(assert (and (>= price 1) (>= unit 1) (>= value 0) (>= amount 0)))
(define-fun lack () Int (- goal value))
(assert (<= most lack))
(assert (<= (* amount price) (* most unit)))
(assert (not (<= (+ (* value unit) (* amount price)) (* goal unit))))
(check-sat)
