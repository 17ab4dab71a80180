; lemma: 4 each charge on the budget of a month keeps: window * (passed - level + first level) <= size * time since the first charge
; code: Bucket.drained, and `level + charge <= size` where a budget is charged
; twin: (<= (* leak window) full) ==> (<= (* leak window) (* 2 full))
; One step: `elapsed` seconds leak, then `charge` is added and fits. `left` is what drained answers. full = size * elapsed and
; past = size * time; that full >= size * window once a window has passed is 03_monotone.
(define-fun window () Int 2592000) (declare-const size Int) (declare-const level Int) (declare-const first Int)
(declare-const passed Int) (declare-const past Int) (declare-const elapsed Int) (declare-const charge Int)
(declare-const leak Int) (declare-const left Int) (declare-const full Int)
(assert (and (>= size 0) (>= elapsed 0) (>= past 0) (>= charge 0) (>= full 0)))
(assert (=> (>= elapsed window) (>= full (* size window))))
(assert (and (<= 0 level) (<= level size)))
(assert (<= (* window (+ (- passed level) first)) past))
(assert (and (<= (* leak window) full) (>= leak 0)))
(assert (= left (ite (>= elapsed window) 0 (ite (> level leak) (- level leak) 0))))
(assert (<= (+ left charge) size))
(define-fun after () Int (+ left charge))
(assert (not (and (<= 0 after) (<= after size)
  (<= (* window (+ (- (+ passed charge) after) first)) (+ past full)))))
(check-sat)
