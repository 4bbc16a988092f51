using Tokenry.Server.Tests;

[assembly: AssemblyFixture(typeof(SharedServers))]
[assembly: AssemblyFixture(typeof(CertificateServers))]
