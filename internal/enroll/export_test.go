package enroll

import "time"

// Diagnose is diagnose without the code that it read.
func Diagnose(f Flow, typed string, now time.Time) Diagnosis {
	_, d := diagnose(f, typed, now)
	return d
}
