using System.Runtime.CompilerServices;
using Tokenry.Server.Tests;

[assembly: AssemblyFixture(typeof(SharedServers))]
[assembly: AssemblyFixture(typeof(CertificateServers))]

namespace Tokenry.Server.Tests;

/// <summary>What holds for every server that these tests start.</summary>
internal static class ServersOfTheseTests
{
    /// <summary>
    /// They live for seconds, and compiling code once more for speed takes a good part of that: a third of the processor time of a run. Experiments and
    /// benchmarks, which measure, leave the runtime as it ships.
    /// </summary>
    [ModuleInitializer]
    internal static void StayWithTheFirstCode()
    {
        Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
        Environment.SetEnvironmentVariable("DOTNET_TC_CallCountThreshold", "200");
        Environment.SetEnvironmentVariable("DOTNET_TC_CallCountingDelayMs", "3E8"); // hexadecimal
    }
}
