; lemma: 6 a trade of x that brings y <= x lowers the distance from the targets, in USD, by at least y
; code: Envelope._clamp (x at most the one's excess and the other's lack) and Portfolio.goal
; twin: (<= x lack) ==> (<= x (* 3 lack))
; distance = half the sum of |value - goal|. The goals follow NAV down by their shares of d = x - y: ei and eo of the two assets
; traded, the rest of d of the others, whose |value - goal| grows by no more than its goal moves (06_triangle).
(declare-const x Real) (declare-const y Real) (declare-const excess Real) (declare-const lack Real)
(declare-const others Real) (declare-const ei Real) (declare-const eo Real)
(define-fun d () Real (- x y))
(define-fun dist ((a Real)) Real (ite (>= a 0) a (- a)))
(assert (and (> x 0) (>= y 0) (<= y x)))
(assert (<= x excess))
(assert (<= x lack))
(assert (and (>= ei 0) (>= eo 0) (<= (+ ei eo) d) (>= others 0)))
(define-fun before () Real (/ (+ others excess lack) 2))
(define-fun after () Real
  (/ (+ others (- d ei eo) (dist (+ (- excess x) ei)) (dist (- (- (- y lack) 0) (- eo)))) 2))
(assert (not (<= after (- before y))))
(check-sat)
