package userpool

// describeUserPool shows a pool.
func describeUserPool(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	return object{"UserPool": up.describe(c.p.region)}, nil
}
