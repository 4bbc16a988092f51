using Tokenry.Examples.Tests.Support;

[assembly: AssemblyFixture(typeof(SharedExamples))]
