; lemma: 6 so (1 - 2s) * sum of turnover <= first drift + sum of shifts - drift, before and after each trade and each retarget
; code: 06_drift and 06_triangle, one after another
; twin: (<= fell (- drift next)) ==> (<= fell (+ drift next))
(declare-const sum Real) (declare-const shifts Real) (declare-const first Real) (declare-const drift Real)
(declare-const next Real) (declare-const fell Real) (declare-const shift Real)
(assert (<= sum (- (+ first shifts) drift)))
(assert (and (>= drift 0) (>= next 0) (>= fell 0) (>= shift 0)))
(assert (<= fell (- drift next)))
(declare-const moved Real)
(assert (and (>= moved 0) (<= moved (+ drift shift))))
(assert (not (and (<= (+ sum fell) (- (+ first shifts) next)) (<= sum (- (+ first shifts shift) moved))
  (<= (+ sum fell) (+ first shifts)))))
(check-sat)
