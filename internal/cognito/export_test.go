package cognito

// Charged reports whether the call budget knows an operation.
func Charged(operation string) bool {
	_, known := costs[operation]
	return known
}
