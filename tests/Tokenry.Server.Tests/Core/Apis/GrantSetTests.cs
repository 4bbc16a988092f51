using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Core.Apis;

public sealed class GrantSetTests
{
    private const string Column = """[{"res":"res_0000000000000000000002","scopes":["invoices:read","invoices:write"],"as_of":3}]""";

    [Fact]
    public void C01_equal_snapshots_share_memory()
    {
        var first = GrantSet.Of(Column);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var all = new GrantSet[100_000];
        for (var i = 0; i < all.Length; i++)
            all[i] = GrantSet.Of(Column);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.All(all, one => Assert.Same(first, one));
        Assert.InRange(allocated, 0, (all.Length * IntPtr.Size) + 10_000); // the array alone
    }

    [Fact]
    public void C01_what_nobody_holds_is_forgotten()
    {
        var pool = new InternPool<object>(_ => new object());
        for (var i = 0; i < 100_000; i++)
        {
            pool.Get($"{i}");
            if (i % 10_000 == 0)
                GC.Collect();
        }

        GC.Collect();
        pool.Get("last");
        Assert.InRange(pool.Count, 0, 50_000);
        var kept = pool.Get("kept");
        GC.Collect();
        Assert.Same(kept, pool.Get("kept"));
    }

    [Fact]
    public void A_column_reads_as_it_was_written() => Assert.Equal(Column, GrantSet.Of(Column).ToColumn());

    [Fact]
    public void A05_a_name_means_the_scope_it_stood_for_when_it_was_granted()
    {
        // read came with the second generation again; write has always been there.
        var api = Api(2, new("read") { Since = 2 }, new("write"), new("admin", Implies: ["read"]) { Since = 2 });
        Assert.Equal("write", At(1, api, "read", "write").ToString());
        Assert.Equal("read write", At(2, api, "read", "write").ToString());
        Assert.Equal("", At(0, api, "admin").ToString());
        Assert.Equal("admin read", At(2, api, "admin").ToString()); // by what it implies now
    }

    [Fact]
    public async Task Where_names_are_all_there_is_a_look_allocates_nothing()
    {
        var grant = new Grant("res_0000000000000000000002", ScopeSet.Of(["read", "write"]), 0);
        var plain = Api(5, new("read"), new("write"));
        Assert.Same(grant.Scopes, grant.At(plain));
        Assert.Equal(0, await Allocations.OfAsync(() => grant.At(plain)));
        // With a hierarchy it is worked out once.
        var tree = Api(0, new("read"), new("write", Implies: ["read"]));
        var one = new Grant("res_0000000000000000000002", ScopeSet.Of(["write"]), 0);
        Assert.Same(one.At(tree), one.At(tree));
        Assert.Equal(0, await Allocations.OfAsync(() => one.At(tree)));
        Assert.Equal("read write", one.At(tree).ToString());
        Assert.Equal("write", one.At(plain).ToString());
    }

    private static ScopeSet At(long asOf, ApiResourceFacts api, params string[] scopes) =>
        new Grant(api.Id, ScopeSet.Of(scopes), asOf).At(api);

    private static ApiResourceFacts Api(long generation, params StoredScope[] scopes) =>
        ManagementApi.Resource with
        {
            Id = "res_0000000000000000000002",
            Identifier = "https://api.example.com",
            Scopes = ScopeSet.Of(scopes.Select(scope => scope.Name)),
            Register = ScopeRegister.Of(generation, scopes),
        };
}
