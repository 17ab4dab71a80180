; lemma: 6 a venue that gives more than x undoes at most what it gave: distance falls by at least x less the gift
; code: as 06_trade
; twin: (- before (- x (- y x))) ==> (- before x)
(declare-const x Real) (declare-const y Real) (declare-const excess Real) (declare-const lack Real)
(declare-const others Real) (declare-const ei Real) (declare-const eo Real)
(define-fun g () Real (- y x))
(define-fun dist ((a Real)) Real (ite (>= a 0) a (- a)))
(assert (and (> x 0) (> y x) (<= x excess) (<= x lack)))
(assert (and (>= ei 0) (>= eo 0) (<= (+ ei eo) g) (>= others 0)))
(define-fun before () Real (/ (+ others excess lack) 2))
(define-fun after () Real (/ (+ others (- g ei eo) (dist (- (- excess x) ei)) (dist (- (- y lack) eo))) 2))
(assert (not (<= after (- before (- x (- y x))))))
(check-sat)
