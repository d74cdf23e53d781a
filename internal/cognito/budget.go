package cognito

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Budget keeps calls under the quotas of the AWS account, which all its applications share.
type Budget interface {
	// Take waits until a call of a category may be sent, the urgent ones first. When it answers an error, the call must
	// not be sent.
	Take(ctx context.Context, category string, urgent bool) error
}

// The categories of quotas that the portal's calls are in (developer guide, "Quotas in Amazon Cognito"). Which category
// an operation of a software token is in the guide does not say: the narrower is assumed.
const (
	categorySignIn   = "UserAuthentication"
	categoryRespond  = "UserAuthentication challenge responses"
	categoryToken    = "UserToken"
	categoryRead     = "UserRead"
	categoryUpdate   = "UserUpdate"
	categoryRecovery = "UserAccountRecovery"
	categoryCreation = "UserCreation"
	categoryResource = "UserResourceRead"
	categoryList     = "UserList"
	categoryPool     = "UserPoolRead"
)

// Quotas are how many calls each second the portal may make, by category, given two of them: signIn for beginning to
// sign in, which AWS raises on request, and updates for setting an app up, which it does not. Answers to challenges have
// three times as many as signing in; the rest are AWS's defaults.
func Quotas(signIn, updates int) map[string]int {
	return map[string]int{
		categorySignIn: signIn, categoryRespond: 3 * signIn, categoryUpdate: updates,
		categoryToken: 120, categoryRead: 120, categoryRecovery: 30, categoryCreation: 50, categoryResource: 50, categoryList: 30, categoryPool: 15,
	}
}

// costs says what each operation is charged to. Those that only begin something, and the help desk's lists, can wait; the
// others are of people whose session or code is running out, or who have an agent on the phone.
//
//nolint:gochecknoglobals // an immutable table
var costs = map[string]struct {
	category string
	urgent   bool
}{
	"AdminDeleteSoftwareToken":  {categoryUpdate, true},
	"AdminForgetDevice":         {categoryUpdate, true},
	"AdminGetUser":              {categoryRead, true},
	"AdminListDevices":          {categoryResource, true},
	"AdminListGroupsForUser":    {categoryResource, true},
	"AdminListUserAuthEvents":   {categoryResource, false},
	"AdminSetUserMFAPreference": {categoryUpdate, true},
	"AdminUserGlobalSignOut":    {categoryToken, true},
	"AssociateSoftwareToken":    {categoryUpdate, false},
	"ConfirmForgotPassword":     {categoryRecovery, true},
	"ConfirmSignUp":             {categoryCreation, true},
	"ForgotPassword":            {categoryRecovery, false},
	"GetUser":                   {categoryRead, true},
	"GetUserPoolMfaConfig":      {categoryPool, false},
	"GlobalSignOut":             {categoryToken, true},
	"InitiateAuth":              {categorySignIn, false},
	"ListUsers":                 {categoryList, false},
	"ListUsersInGroup":          {categoryList, false},
	"ResendConfirmationCode":    {categoryCreation, false},
	"RespondToAuthChallenge":    {categoryRespond, true},
	"RevokeToken":               {categoryToken, false},
	"SetUserMFAPreference":      {categoryUpdate, true},
	"VerifySoftwareToken":       {categoryUpdate, true},
}

// errKeptBack is the cause of a call that the budget had no room for. Nothing was sent.
var errKeptBack = errors.New("kept back by the call budget")

// charge takes every call, and every repetition of it, out of the budget before it is sent.
func charge(budget Budget) func(*middleware.Stack) error {
	take := middleware.FinalizeMiddlewareFunc("CallBudget", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		operation := ""
		if r, ok := in.Request.(*smithyhttp.Request); ok { // not the SDK's name for it: see instead
			_, operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		}
		cost, known := costs[operation]
		if !known {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("cognito: %q is charged to nothing", operation)
		}
		if err := budget.Take(ctx, cost.category, cost.urgent); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("%w: %w", errKeptBack, err)
		}
		return next.HandleFinalize(ctx, in)
	})
	return func(stack *middleware.Stack) error {
		if err := stack.Finalize.Insert(take, "Retry", middleware.After); err != nil {
			return fmt.Errorf("cognito: %w", err)
		}
		return nil
	}
}
