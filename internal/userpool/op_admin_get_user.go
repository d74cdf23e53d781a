package userpool

// adminGetUser shows one user.
func adminGetUser(_ *call, u *user) (object, error) {
	output := u.describe("UserAttributes", nil)
	u.describeMFA(output)
	return output, nil
}
