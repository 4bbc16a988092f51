[assembly: AssemblyFixture(typeof(SharedServers))]

// These tests measure times and take all the cores there are: one after the other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
