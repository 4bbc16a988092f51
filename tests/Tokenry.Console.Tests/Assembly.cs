using Tokenry.Console.Tests;

[assembly: AssemblyFixture(typeof(SharedServers))]
[assembly: AssemblyFixture(typeof(Chromium))]
