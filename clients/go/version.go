// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl

// Version of this module, which is the version of llamactl it belongs to.
const Version = "0.1.0"
