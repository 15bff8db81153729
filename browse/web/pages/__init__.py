"""The pages: each module has a router and the models of its pages."""
