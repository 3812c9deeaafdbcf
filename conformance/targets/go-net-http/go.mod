module pushspec.test/target

go 1.19
