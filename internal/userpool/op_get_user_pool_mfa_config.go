package userpool

// getUserPoolMFAConfig tells which factors the pool offers.
func getUserPoolMFAConfig(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	return up.describeMFAConfig(), nil
}
