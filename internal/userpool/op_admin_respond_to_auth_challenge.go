package userpool

// adminRespondToAuthChallenge goes on with a sign-in for an application server.
func adminRespondToAuthChallenge(c *call) (object, error) {
	if _, err := c.userPool(); err != nil {
		return nil, err
	}
	return respondToAuthChallenge(c)
}
