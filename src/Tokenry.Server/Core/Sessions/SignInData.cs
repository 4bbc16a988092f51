using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>What the server needs to know about a user who signs in. A class and not a record: a record would print the hash of the password.</summary>
public sealed class SignInData
{
    private const string Select =
        $"SELECT id, name, email, password_hash, enabled FROM principals WHERE type = '{PrincipalType.User}' AND deleted_at IS NULL AND ";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Email { get; init; }

    /// <summary>The hash as stored; <c>null</c> = the user has no password.</summary>
    public string? PasswordHash { get; init; }

    public long Enabled { get; init; }

    /// <summary>The user with that sign-in name; <c>null</c> = none.</summary>
    public static Task<SignInData?> OfNameAsync(StoreReader store, string name) =>
        store.FirstOrDefaultAsync<SignInData>($"{Select}email = @email", new { email = EmailOf(name) });

    public static Task<SignInData?> FindAsync(StoreReader store, string id) =>
        store.FirstOrDefaultAsync<SignInData>($"{Select}id = @id", new { id });

    /// <summary>The same, unchanged by others until COMMIT.</summary>
    public static Task<SignInData?> HoldAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<SignInData>($"{Select}id = @id{tx.Dialect.ForUpdate("principals")}", new { id });

    /// <summary>The e-mail address that a person means by a name as typed: no case and no spaces around it.</summary>
    public static string EmailOf(string name) => System.Text.Ascii.IsValid(name) ? name.Trim().ToLowerInvariant() : "";
}
