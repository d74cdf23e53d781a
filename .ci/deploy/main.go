// Command deploy reads deploy/lambda and deploy/terraform with their makers' own code, without an account or a provider:
//
//	go run -C .ci/deploy . ../../deploy
//
// The template of AWS SAM must have no resource or property that AWS does not know (goformation). The Terraform module must
// be one, and everything that it refers to must be in it (HCL). It has a module of its own, so that the portal's own
// go.mod does not have to know these libraries.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslabs/goformation/v7"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploy FOLDER")
		os.Exit(2)
	}
	err := errors.Join(checkTemplate(filepath.Join(os.Args[1], "lambda/template.yaml")), checkModule(filepath.Join(os.Args[1], "terraform")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checkTemplate(path string) error {
	template, err := goformation.Open(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case len(template.GetAllServerlessFunctionResources()) == 0:
		return fmt.Errorf("%s: no function", path)
	}
	return nil
}

func checkModule(dir string) error {
	module, diagnostics := tfconfig.LoadModule(dir)
	if diagnostics.HasErrors() {
		return diagnostics.Err()
	}
	names := known(module)
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return err
	}
	var bodies []*hclsyntax.Body
	var all []error
	for _, name := range files {
		file, diagnostics := hclparse.NewParser().ParseHCLFile(name)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		if !bytes.Equal(file.Bytes, hclwrite.Format(file.Bytes)) {
			all = append(all, fmt.Errorf("%s: not as terraform fmt writes it", name))
		}
		body := file.Body.(*hclsyntax.Body)
		bodies = append(bodies, body)
		for _, block := range body.Blocks {
			if block.Type == "locals" {
				for local := range block.Body.Attributes {
					names["local."+local] = true
				}
			}
		}
	}
	for _, body := range bodies {
		for _, reference := range references(body) {
			if name := nameOf(reference); !names[name] && !names[reference.RootName()] {
				all = append(all, fmt.Errorf("%s: nothing is called %s", reference.SourceRange(), name))
			}
		}
	}
	return errors.Join(all...)
}

// references are all of a body's, but for the names that an expression gives to its own parts, and the types of variables.
func references(body *hclsyntax.Body) (all []hcl.Traversal) {
	for _, attribute := range body.Attributes {
		all = append(all, hclsyntax.Variables(attribute.Expr)...)
	}
	for _, block := range body.Blocks {
		if block.Type != "variable" {
			all = append(all, references(block.Body)...)
		}
	}
	return all
}

// known are the names of everything in a module that can be referred to.
func known(module *tfconfig.Module) map[string]bool {
	names := map[string]bool{"each": true, "count": true, "path": true, "self": true, "terraform": true}
	for name := range module.Variables {
		names["var."+name] = true
	}
	for name := range module.ManagedResources {
		names[name] = true
	}
	for name := range module.DataResources {
		names[name] = true
	}
	for name := range module.ModuleCalls {
		names["module."+name] = true
	}
	return names
}

// nameOf is the part of a reference that names something: "aws_lb.portal" of aws_lb.portal.arn.
func nameOf(reference hcl.Traversal) string {
	parts := 2
	if reference.RootName() == "data" {
		parts = 3
	}
	name := reference.RootName()
	for _, step := range reference[1:min(parts, len(reference))] {
		if attribute, is := step.(hcl.TraverseAttr); is {
			name += "." + attribute.Name
		}
	}
	return name
}
