using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Users;

/// <summary>Lists and shows users.</summary>
public sealed class ListUsers(Gate gate)
{
    public static readonly string[] Filters = ["email", "role"];

    private static readonly Demand Demand = new(ManagementApi.UsersRead);

    public Task<Page<User>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadManyAsync(
            caller,
            Demand,
            "users.listed",
            async read =>
            {
                var (rows, roles) = await PrincipalStore.ListAsync(
                    read.Connection,
                    PrincipalType.User,
                    new PrincipalFilter(read.Reach) { Email = listing.Text("email")?.ToLowerInvariant(), Role = listing.Id("role", "rol") },
                    listing.IdCursor("usr"),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToUser(roles[row.Id]), row => row.Id);
            }
        );
    }

    public async Task<User> ShowAsync(Caller caller, string id)
    {
        var (row, roles) = await gate.ReadOneAsync(
            caller,
            Demand,
            "user.read",
            read => PrincipalStore.ShowAsync(read.Connection, PrincipalType.User, id, read.Reach)
        );
        return row.ToUser(roles);
    }
}
