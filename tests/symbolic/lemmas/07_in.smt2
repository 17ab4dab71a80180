; lemma: 7 what is sold stays at or above its goal
; code: Envelope._clamp, Portfolio.amountDown and valueDown
; twin: (<= most excess) ==> (<= most (+ excess 1))
; amount = floor(most * unit / price), sold at most that; value = floor(balance * price / unit), as its defining inequalities.
(declare-const balance Int) (declare-const price Int) (declare-const unit Int) (declare-const goal Int)
(declare-const value Int) (declare-const after Int) (declare-const most Int) (declare-const amount Int)
(declare-const bp Int) (declare-const ap Int) (declare-const mu Int)
(assert (and (>= price 1) (>= unit 1) (>= goal 0) (>= most 0) (>= amount 0) (<= amount balance)))
(assert (and (= bp (* balance price)) (= ap (* amount price))))
(assert (and (<= (* value unit) bp) (< bp (* (+ value 1) unit))))
(define-fun excess () Int (- value goal))
(assert (<= most excess))
(assert (<= ap (* most unit)))
(assert (and (<= (* after unit) (- bp ap)) (< (- bp ap) (* (+ after 1) unit))))
(assert (not (>= after goal)))
(check-sat)
