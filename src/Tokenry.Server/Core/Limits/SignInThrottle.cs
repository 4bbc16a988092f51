using System.Net;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// Slows the guessing of passwords. An attempt is counted before the password is compared, so that attempts sent at once are counted too; a right one is
/// taken back. It counts by name and network, and by network alone: guesses from elsewhere do not keep a person out. The tables have a fixed size.
/// </summary>
public sealed class SignInThrottle(TimeProvider time)
{
    private const int LongestName = 254;

    private readonly AttemptMeter ofName = new(time, attempts: 10, TimeSpan.FromSeconds(30));
    private readonly AttemptMeter ofNetwork = new(time, attempts: 60, TimeSpan.FromSeconds(5));

    /// <summary>Counts an attempt.</summary>
    /// <returns>The time to wait if there were too many; otherwise zero.</returns>
    public TimeSpan Count(string name, IPAddress? address)
    {
        var network = HashCode.Combine(Networks.Key(address));
        var wait = ofNetwork.Count(network);
        if (wait > TimeSpan.Zero)
        {
            return wait;
        }

        wait = ofName.Count(NameKey(name, address));
        if (wait > TimeSpan.Zero)
        {
            ofNetwork.TakeBack(network); // refused without a comparison
        }

        return wait;
    }

    /// <summary>Takes an attempt back: the password was right.</summary>
    public void TakeBack(string name, IPAddress? address)
    {
        ofNetwork.TakeBack(HashCode.Combine(Networks.Key(address)));
        ofName.TakeBack(NameKey(name, address));
    }

    /// <summary>Counts an attempt with a passkey, which has no name to guess.</summary>
    /// <inheritdoc cref="Count(string, IPAddress?)"/>
    public TimeSpan Count(IPAddress? address) => ofNetwork.Count(HashCode.Combine(Networks.Key(address)));

    /// <summary>Takes such an attempt back: the passkey was right.</summary>
    public void TakeBack(IPAddress? address) => ofNetwork.TakeBack(HashCode.Combine(Networks.Key(address)));

    /// <summary>The hash uses a random seed of this process, so that no attacker finds names that share a place.</summary>
    private static int NameKey(string name, IPAddress? address) =>
        HashCode.Combine(name.Length > LongestName ? "" : name, Networks.Key(address));
}
