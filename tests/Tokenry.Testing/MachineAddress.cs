using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;

namespace Tokenry.Testing;

/// <summary>
/// A second address of this machine that is not loopback: what connects to it comes from it, as from another machine. Of the range for
/// benchmarks (RFC 2544), on the loopback interface, gone again when disposed.
/// </summary>
public sealed class MachineAddress : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private MachineAddress(IPAddress value) => Value = value;

    public IPAddress Value { get; }

    public static async Task<MachineAddress> AddAsync()
    {
        // Random, so that two test runs on one machine do not take it from each other.
        var address = new MachineAddress(
            new IPAddress([198, (byte)RandomNumberGenerator.GetInt32(18, 20), (byte)Random(), (byte)Random()])
        );
        await address.RunAsync("add");
        return address;

        static int Random() => RandomNumberGenerator.GetInt32(1, 255);
    }

    public async ValueTask DisposeAsync() => await RunAsync("del");

    private async Task RunAsync(string verb)
    {
        string[] command = ["ip", "address", verb, $"{Value}/32", "dev", "lo"];
        if (!Posix.IsRoot)
            command = ["sudo", "-n", .. command];
        (await ChildProcess.RunAsync(new ProcessStartInfo(command[0], command[1..]), Patience)).Expect(0);
    }
}
