package userpool

import "slices"

// describe is a group as the operations show it.
func (g *group) describe(up *userPool) object {
	output := object{
		"GroupName": g.name, "UserPoolId": up.id, "CreationDate": epoch(g.created), "LastModifiedDate": epoch(g.modified),
	}
	if g.description != "" {
		output["Description"] = g.description
	}
	if g.role != "" {
		output["RoleArn"] = g.role
	}
	if g.precedence >= 0 {
		output["Precedence"] = g.precedence
	}
	return output
}

// group finds the pool and the group that an operation names.
func (c *call) group() (*userPool, *group, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, nil, err
	}
	g := up.groups[c.input.text("GroupName")]
	if g == nil {
		return nil, nil, resourceNotFound("Group not found.")
	}
	return up, g, nil
}

// take sets what a request says about a group and leaves the rest.
func (g *group) take(input object) {
	if input.has("Description") {
		g.description = input.text("Description")
	}
	if input.has("RoleArn") {
		g.role = input.text("RoleArn")
	}
	g.precedence = input.whole("Precedence", g.precedence)
}

// roles are the IAM roles of a user's groups, and the one of the group that comes first. Two first groups with
// different roles leave none preferred (API reference, CreateGroup, Precedence).
func (u *user) roles() (all []string, preferred string) {
	first := -1
	for _, name := range u.groups {
		g := u.pool.groups[name]
		if g == nil || g.role == "" {
			continue
		}
		if !slices.Contains(all, g.role) {
			all = append(all, g.role)
		}
		switch {
		case g.precedence < 0 || first >= 0 && g.precedence > first:
		case g.precedence == first && g.role != preferred:
			preferred = ""
		default:
			first, preferred = g.precedence, g.role
		}
	}
	return all, preferred
}
