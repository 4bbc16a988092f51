using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tokenry.Server.Platform.Files;

/// <summary>The user who runs a command on the host, as the kernel reports it. The audit names this user for actions that no credential authorises.</summary>
public sealed partial record OperatingSystemUser(uint Id, string? Name)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>The user who runs this process.</summary>
    public static OperatingSystemUser OfProcess() => Of(EffectiveUserId());

    /// <summary>The user at the other end of a Unix socket, as the kernel recorded it at connect (SO_PEERCRED).</summary>
    public static OperatingSystemUser OfPeer(Socket connection)
    {
        // struct ucred: process, user and group, four bytes each.
        Span<byte> credentials = stackalloc byte[12];
        connection.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return Of(MemoryMarshal.Read<uint>(credentials[4..]));
    }

    public override string ToString() => Name is null ? $"uid {Id}" : $"{Name} (uid {Id})";

    private static OperatingSystemUser Of(uint id)
    {
        var text = id.ToString(CultureInfo.InvariantCulture);
        try
        {
            var name = File.ReadLines("/etc/passwd")
                .Select(line => line.Split(':'))
                .FirstOrDefault(fields => fields.Length > 2 && fields[2] == text)
                ?[0];
            return new(id, name is { Length: <= 64 } && name.All(c => c is > ' ' and <= '~') ? name : null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(id, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserId();
}
